"""From a latent to pictures in the memory that there is: whole, layer by layer, or in tiles that are blended."""
