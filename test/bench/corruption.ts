import { corruptionNames, type CorruptionName } from '@imclr/contract'
import { jpegRoundTrip, prepareCorruption } from '@imclr/trainer/image/testing'
import { stream } from '@imclr/trainer/random/testing'

export interface CorruptionRow {
  corruption: CorruptionName
  images: number
  side: number
  /** Of one cell: mean over the five severities. */
  secondsPerCell: number
}

/** Cells of the grid: how long one corruption of so many images takes at one severity, without the prediction. */
export async function benchCorruptions({ images, side }: { images: number; side: number }): Promise<CorruptionRow[]> {
  const random = stream({ seed: 1, name: 'init' })
  const pixels = Uint8Array.from({ length: images * side * side * 3 }, () => random.int(256))
  const rows: CorruptionRow[] = []
  for (const corruption of corruptionNames) {
    const start = performance.now()
    for (const severity of [1, 2, 3, 4, 5] as const) {
      await prepareCorruption({ name: corruption, severity, height: side, width: side, seed: 1, jpeg: jpegRoundTrip })({
        images: pixels,
        count: images,
      })
    }
    rows.push({ corruption, images, side, secondsPerCell: (performance.now() - start) / 5000 })
  }
  return rows
}
