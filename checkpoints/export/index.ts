export { type ExportDescription, type ExportFormat, exportFormats, readExportDescription } from './export-description.ts';
export { type ExportOptions, type ExportResult, exportEncoder } from './export-encoder.ts';
export { layersModelFiles } from './layers-model.ts';
export { loadLayersModelExport } from './load-layers-model.ts';
