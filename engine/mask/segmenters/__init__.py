"""The engines that find things by words: what a model folder holds, how it is loaded, and one file an engine."""
