/** The network of an image tower: a picture becomes a vector of the space that a text teacher puts captions into. */
export { type ImageTowerConfig, type ImageTowerShape, imageTowerShapeSchema } from './config.ts';
export { buildImageTowerGraph, ImageTowerModel } from './image-tower-model.ts';
