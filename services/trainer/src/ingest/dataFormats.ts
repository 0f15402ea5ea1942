import { sniff } from './archive/sniff.js'
import type { Container } from './layout/containers.js'
import { detectCifarPython } from './layout/detectCifarPython.js'
import type { DetectedLayout, LayoutContext } from './layout/detectedLayout.js'
import { detectIdx } from './layout/detectIdx.js'
import { detectNumpy } from './layout/detectNumpy.js'
import { detectParquet } from './layout/detectParquet.js'
import { detectSvhn } from './layout/detectSvhn.js'

/** A kind of file that holds many pictures, or their labels. */
export interface DataFormat {
  /** In messages. */
  name: string
  /** Beginnings of such a file, in hexadecimal digits. */
  magic: readonly string[]
  /** Whether one file can be a whole data set, so that it needs no archive around it. */
  standsAlone: boolean
  /** Reads what an upload of such files holds. @throws Failure DATASET_INVALID, DATASET_TOO_LARGE */
  detect(files: readonly Container[], context: LayoutContext): Promise<DetectedLayout>
}

/** Every data format, known by its first bytes alone. A new one is its file and its row here. */
export const dataFormats: readonly DataFormat[] = [
  { name: 'parquet', magic: ['50415231'], standsAlone: true, detect: detectParquet }, // PAR1
  { name: 'matlab', magic: ['4d41544c41422035'], standsAlone: true, detect: detectSvhn }, // MATLAB 5
  { name: 'numpy', magic: ['934e554d5059'], standsAlone: false, detect: detectNumpy }, // \x93NUMPY
  // Unsigned bytes, fewer than 16 dimensions
  { name: 'idx', magic: ['0000080'], standsAlone: false, detect: detectIdx },
  // Protocols 2 to 5
  { name: 'pickle', magic: ['8002', '8003', '8004', '8005'], standsAlone: false, detect: detectCifarPython },
]

/** The data format of a file with these first bytes; null where it is something else. */
export function dataFormatOf(head: Uint8Array): DataFormat | null {
  if (sniff(head) !== 'other') return null
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex')
  return dataFormats.find(({ magic }) => magic.some((beginning) => hex.startsWith(beginning))) ?? null
}
