import { createHash } from 'node:crypto'

/** The sha256 of some bytes, or of a text in UTF-8, in hexadecimal digits: the form that manifests have. */
export const sha256Of = (content: Uint8Array | Uint32Array | string): string =>
  createHash('sha256').update(content).digest('hex')
