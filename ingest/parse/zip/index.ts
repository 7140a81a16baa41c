/** Formats that are ZIP archives: their entries, unpacked under limits. */
export { ZipArchive, type ZipLimits } from './zip-archive.ts';
