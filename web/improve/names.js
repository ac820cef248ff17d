// The two nodes of a loop, by class; and those of ComfyUI-Distributed that put it on several cards.
export const SEED = "DistributedSeed";
export const COLLECTOR = "DistributedCollector";
export const LOOP = "ImitatoesSelfImprovingPrompt";
export const CRITIC = "ImitatoesVLMCritique";
