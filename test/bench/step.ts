import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { trainerProcessEnvironment } from '@imclr/contract'
import { supportsBfloat16 } from '@imclr/trainer/engine/testing'

export interface StepRow {
  network: 'resnet20' | 'wrn28-2'
  input: string
  batch: number
  contender: string
  /** Of the median step. */
  imagesPerSecond: number
  /**
   * Median over the repeats of this contender's speed as a multiple of PyTorch's at the same precision, and its
   * smallest and largest; null without PyTorch.
   */
  ratio: { median: number; smallest: number; largest: number } | null
  peakMegabytes: number
  version: string
}

interface Contender {
  name: string
  /** The PyTorch contender that it is measured against. */
  against: string | null
  start: () => ChildProcess
}

const cases = [
  { network: 'resnet20', height: 64, width: 32 },
  { network: 'resnet20', height: 32, width: 32 },
  { network: 'wrn28-2', height: 64, width: 32 },
  { network: 'wrn28-2', height: 32, width: 32 },
] as const
export const measuredNetworks: readonly string[] = [...new Set(cases.map(({ network }) => network))]

export interface StepBenchOptions {
  repeats: number
  /** One case, a small batch, few steps. */
  quick: boolean
  /** Null (default): all of `measuredNetworks`. */
  network?: string | null
  /** A Python that has torch (default: `IMCLR_BENCH_PYTHON`); null: ours alone. */
  python?: string | null
  /** Default: where this machine has it. */
  bfloat16?: boolean
  log?: (line: string) => void
}

/**
 * Training steps, ours and PyTorch's. Every contender is a process of its own; they take turns of a few steps each, and
 * ratios are taken within a round, so that a machine that slows down slows all of them. Runs from `test/dist` only.
 */
export async function benchSteps({
  repeats,
  quick,
  network: only = null,
  python = process.env.IMCLR_BENCH_PYTHON ?? null,
  bfloat16 = supportsBfloat16(),
  log = () => {},
}: StepBenchOptions): Promise<StepRow[]> {
  const rows: StepRow[] = []
  const batch = quick ? 16 : 128
  for (const { network, height, width } of quick
    ? cases.slice(0, 1)
    : cases.filter((one) => only === null || one.network === only)) {
    const input = `${height}x${width}`
    const contenders = contendersOf([network, String(height), String(width), String(batch)], { python, bfloat16 })
    const runners = []
    for (const contender of contenders)
      runners.push({ ...contender, ...(await Runner.start(contender.start())), rounds: [] as number[] })
    try {
      for (let repeat = 0; repeat < repeats; repeat++) {
        for (const runner of runners) runner.rounds.push(median(await runner.runner.run(quick ? 2 : 3)))
        log(`${network} ${input}: round ${repeat + 1} of ${repeats}`)
      }
      for (const runner of runners) {
        const opponent = runners.find(({ name }) => name === runner.against)
        const ratios = opponent?.rounds.map((seconds, index) => seconds / runner.rounds[index]!)
        const { peakBytes, version } = await runner.runner.end()
        rows.push({
          network,
          input,
          batch,
          contender: runner.name,
          imagesPerSecond: batch / median(runner.rounds),
          ratio: ratios
            ? { median: median(ratios), smallest: Math.min(...ratios), largest: Math.max(...ratios) }
            : null,
          peakMegabytes: peakBytes / 1e6,
          version,
        })
      }
    } finally {
      for (const { runner } of runners) runner.kill()
    }
  }
  return rows
}

/** `size` is network, height, width and batch, as the contenders take them. */
function contendersOf(size: string[], { python, bfloat16 }: { python: string | null; bfloat16: boolean }): Contender[] {
  const ours = (execution: string, precision: string) => () =>
    spawn(
      process.execPath,
      [fileURLToPath(new URL('./stepContender.js', import.meta.url)), execution, ...size, precision],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...trainerProcessEnvironment, ...process.env } },
    )
  const theirs = (precision: string) => () =>
    spawn(
      python!,
      [
        fileURLToPath(new URL('../../pytorch/bench_step.py', import.meta.url)),
        ...size,
        precision,
        String(availableParallelism()),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
  const pytorch = (precision: string) => (python ? `pytorch ${precision}` : null)
  return [
    { name: 'graph float32', against: pytorch('float32'), start: ours('graph', 'float32') },
    { name: 'eager float32', against: pytorch('float32'), start: ours('eager', 'float32') },
    ...(python ? [{ name: 'pytorch float32', against: null, start: theirs('float32') }] : []),
    ...(bfloat16 ? [{ name: 'graph bfloat16', against: pytorch('bfloat16'), start: ours('graph', 'bfloat16') }] : []),
    ...(bfloat16 && python ? [{ name: 'pytorch bfloat16', against: null, start: theirs('bfloat16') }] : []),
  ]
}

/** A contender's process: a line out, a line back. */
class Runner {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  static async start(child: ChildProcess): Promise<{ runner: Runner }> {
    const reader = createInterface({ input: child.stdout! })
    const runner = new Runner(child, reader[Symbol.asyncIterator](), reader)
    await runner.run(2) // recording, primitives and allocators warm up
    return { runner }
  }

  async run(steps: number): Promise<number[]> {
    return (await this.ask<{ seconds: number[] }>(`run ${steps}`)).seconds
  }

  end(): Promise<{ peakBytes: number; version: string }> {
    return this.ask('end')
  }

  kill(): void {
    this.reader.close()
    this.child.kill()
  }

  private async ask<Answer>(line: string): Promise<Answer> {
    this.child.stdin!.write(`${line}\n`)
    const { value, done } = await this.lines.next()
    if (done) throw new Error(`a contender of the step bench ended early: ${this.child.spawnargs.join(' ')}`)
    return JSON.parse(value) as Answer
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
