import { Worker } from 'node:worker_threads'
import { batchArrays } from './makeBatch.js'
import type { BatchArrays, BatchShape, BatchSpec, TrainingImages } from './makeBatch.js'

/** A thread's program must be compiled: from sources (tests) it is that of `dist`. */
const program = new URL(
  import.meta.url.replace(/\/src\/data\/[^/]*$/, '/dist/data/').replace(/[^/]*$/, '') + 'batchWorker.js',
)

/**
 * The states of a slot, and who sets them: empty -> wanted (us) -> taken (a worker, or us again) -> ready (the worker)
 * -> empty (us).
 */
export const slotState = { empty: 0, wanted: 1, taken: 2, ready: 3, failed: 4 } as const

/**
 * Where things lie in the shared counters: a bell that we ring for new wishes, then state and position of each slot.
 */
export const bell = 0
export const stateAt = (slot: number): number => 1 + 2 * slot
export const positionAt = (slot: number): number => 2 + 2 * slot

export interface WorkerData {
  split: TrainingImages
  spec: BatchSpec
  /** int32, shared: the bell and the slots. */
  counters: Int32Array
  /** One for each slot, shared. */
  slots: BatchArrays[]
}

export interface Ahead {
  /**
   * Copies the batch of a position (epochs * stepsPerEpoch + step) into `into`, waiting for a worker that is at it, and
   * has the next ones made meanwhile. False where no worker has begun it: the caller makes it sooner itself.
   */
  take(position: number, into: BatchArrays): boolean
  close(): void
}

export interface AheadOptions {
  split: TrainingImages
  spec: BatchSpec
  shape: BatchShape
  /** Threads, at least one. */
  workers: number
  /** Positions from here on are not wanted. */
  end: number
}

/** Milliseconds after which a worker that holds a slot is taken for dead. */
const patience = 30_000

/**
 * Starts workers that make batches while steps run. All threads share the memory of the slots, one per worker and one
 * more. Slots are handed over by atomic counters, because a step blocks the training thread: it cannot answer messages
 * meanwhile.
 */
export function makeAhead({ split, spec, shape, workers, end }: AheadOptions): Ahead {
  const slots = Array.from({ length: workers + 1 }, () => batchArrays(shape, (bytes) => new SharedArrayBuffer(bytes)))
  const counters = new Int32Array(new SharedArrayBuffer(4 * (1 + 2 * slots.length)))
  const workerData: WorkerData = { split: sharedImages(split), spec, counters, slots }
  let broken: unknown
  const threads = Array.from({ length: workers }, () => {
    const thread = new Worker(program, { workerData, execArgv: [] })
    thread.on('error', (error) => {
      broken = error
    })
    thread.unref() // a process may end without asking
    return thread
  })
  const state = (slot: number) => Atomics.load(counters, stateAt(slot))
  const position = (slot: number) => Atomics.load(counters, positionAt(slot))

  /** Empties slots that are not wanted any more, and asks for the wanted batches that nobody makes yet. */
  const wish = (first: number) => {
    const wanted = new Set(
      Array.from({ length: slots.length }, (_, i) => first + i).filter((position) => position < end),
    )
    for (let slot = 0; slot < slots.length; slot++) {
      if (state(slot) === slotState.empty || wanted.delete(position(slot))) continue
      // A slot that a worker fills is left alone until it is ready.
      for (const given of [slotState.wanted, slotState.ready, slotState.failed])
        Atomics.compareExchange(counters, stateAt(slot), given, slotState.empty)
    }
    for (let slot = 0; slot < slots.length; slot++) {
      const [next] = wanted
      if (next === undefined) break
      if (state(slot) !== slotState.empty) continue
      wanted.delete(next)
      Atomics.store(counters, positionAt(slot), next)
      Atomics.store(counters, stateAt(slot), slotState.wanted)
    }
    Atomics.add(counters, bell, 1)
    Atomics.notify(counters, bell)
  }

  const claim = (wanted: number, into: BatchArrays): boolean => {
    for (let slot = 0; slot < slots.length; slot++) {
      if (state(slot) === slotState.empty || position(slot) !== wanted) continue
      if (Atomics.compareExchange(counters, stateAt(slot), slotState.wanted, slotState.empty) === slotState.wanted)
        return false
      Atomics.wait(counters, stateAt(slot), slotState.taken, patience)
      if (state(slot) !== slotState.ready) return false
      into.images.set(slots[slot]!.images)
      into.labels.set(slots[slot]!.labels)
      into.views.forEach((view, i) => view.set(slots[slot]!.views[i]!))
      return true
    }
    return false
  }

  return {
    take(wanted, into) {
      if (broken !== undefined) throw broken
      const taken = claim(wanted, into)
      wish(wanted + 1)
      return taken
    },
    close: () => threads.forEach((thread) => void thread.terminate()),
  }
}

const sharedImages = ({ unlabelled = null, ...split }: TrainingImages): TrainingImages => ({
  ...split,
  images: shared(split.images),
  unlabelled: unlabelled && { ...unlabelled, images: shared(unlabelled.images) },
})

/** The array itself if its memory is shared already, else a shared copy. */
function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
