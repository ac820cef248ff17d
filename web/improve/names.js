// The two nodes of a loop, by class.
export const LOOP = "ImitatoesSelfImprovingPrompt";
export const CRITIC = "ImitatoesVLMCritique";
