import { maxParts } from '../config.js'

const mebibyte = 2 ** 20

/** Bytes of every part but the last: the usual size, or as much as keeps an archive of `bytes` within 10,000 parts. */
export function partBytesFor(bytes: number, usual: number): number {
  return Math.max(usual, Math.ceil(bytes / maxParts / mebibyte) * mebibyte)
}

export const partCountOf = (bytes: number, partBytes: number): number => Math.ceil(bytes / partBytes)

/** Bytes of one part, counted from 1. */
export function bytesOfPart(upload: { bytes: number; partBytes: number }, partNumber: number): number {
  return Math.min(upload.partBytes, upload.bytes - (partNumber - 1) * upload.partBytes)
}
