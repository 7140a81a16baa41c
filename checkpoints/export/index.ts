/** A checkpoint as files for others: safetensors, tfjs LayersModel, ONNX, each with its description and model card. */
export { type ExportDescription, type ExportFormat, exportFormats, readExportDescription } from './export-description.ts';
export { type ExportOptions, type ExportResult, exportEncoder } from './export-encoder.ts';
export { layersModelFiles } from './layers-model.ts';
export { loadLayersModelExport } from './load-layers-model.ts';
