/**
 * A thread of `makeAhead`: takes the wish with the lowest position, makes the batch, and waits for the bell where there
 * is none.
 */
import { workerData } from 'node:worker_threads'
import { bell, positionAt, slotState, stateAt, type WorkerData } from './makeAhead.js'
import { batchMaker } from './makeBatch.js'

const { split, spec, counters, slots } = workerData as WorkerData
const { make, stepsPerEpoch } = batchMaker(split, spec)

for (;;) {
  const seen = Atomics.load(counters, bell)
  const slot = nextWish()
  if (slot === null) {
    Atomics.wait(counters, bell, seen)
    continue
  }
  if (Atomics.compareExchange(counters, stateAt(slot), slotState.wanted, slotState.taken) !== slotState.wanted) continue
  const position = Atomics.load(counters, positionAt(slot))
  let result: number = slotState.ready
  try {
    make(Math.floor(position / stepsPerEpoch), position % stepsPerEpoch, slots[slot]!)
  } catch {
    result = slotState.failed // the training thread makes it again, and fails with a stack of its own
  }
  Atomics.store(counters, stateAt(slot), result)
  Atomics.notify(counters, stateAt(slot))
}

function nextWish(): number | null {
  let best: number | null = null
  let lowest = Infinity
  for (let slot = 0; slot < slots.length; slot++) {
    const position = Atomics.load(counters, positionAt(slot))
    if (Atomics.load(counters, stateAt(slot)) === slotState.wanted && position < lowest)
      [best, lowest] = [slot, position]
  }
  return best
}
