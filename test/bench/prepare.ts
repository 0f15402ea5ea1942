import { demoArchive, openBench } from '../trainer/jobs/harness.js'

export interface PrepareRow {
  archive: string
  images: number
  seconds: number
  imagesPerSecond: number
}

/** Whole prepare jobs, process start included. `cifar` is the official binary archive, where there is one. */
export async function benchPrepare({ cifar }: { cifar: string | null }): Promise<PrepareRow[]> {
  const rows: PrepareRow[] = []
  for (const [archive, path] of [
    ['demo (PNG folders in a zip)', demoArchive],
    ['CIFAR-10 binary', cifar],
  ] as const) {
    if (path === null) continue
    await using bench = await openBench()
    const start = performance.now()
    const {
      manifest: { splits },
    } = await bench.prepare(path)
    const seconds = (performance.now() - start) / 1000
    const images = splits.train.count + splits.test.count + splits.unlabelled.count
    rows.push({ archive, images, seconds, imagesPerSecond: images / seconds })
  }
  return rows
}
