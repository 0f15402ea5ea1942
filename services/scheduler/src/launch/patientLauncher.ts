import { Failure } from '@imclr/contract'
import type { Scheduler } from '../parts.js'
import type { EventReader, Launcher, Runner } from './launcher.js'

export type Supervision = Pick<Launcher, 'isRunning' | 'send' | 'openEvents' | 'exit' | 'readLogEnd' | 'remove'>

/** Milliseconds between two tries. */
const pause = 1000

/**
 * The part of a launcher that follows a trainer, for supervising: where the engine or the cluster does not answer, it
 * asks again until it does. A trainer goes on without them, or its end is learnt when they are back. Throws the failure
 * once the scheduler closes: the next one adopts the trainer.
 */
export function patientLauncher({ launcher, clock, closing, log }: Scheduler): Supervision {
  async function patiently<T>(runner: Runner, ask: () => Promise<T>): Promise<T> {
    for (let told = false; ; told = true) {
      try {
        return await ask()
      } catch (err) {
        if (!(err instanceof Failure) || err.code !== 'LAUNCHER_UNAVAILABLE' || closing.aborted) throw err
        if (!told) log.warn({ err, runner: runner.label }, 'the trainer cannot be reached; asking again until it can')
        await clock.sleep(pause, closing)
      }
    }
  }

  return {
    isRunning: (runner) => patiently(runner, () => launcher.isRunning(runner)),
    send: (runner, command) => patiently(runner, () => launcher.send(runner, command)),
    exit: (runner) => patiently(runner, () => launcher.exit(runner)),
    readLogEnd: (runner, bytes) => patiently(runner, () => launcher.readLogEnd(runner, bytes)),
    remove: (runner) => patiently(runner, () => launcher.remove(runner)),
    async openEvents(runner): Promise<EventReader> {
      const reader = await patiently(runner, () => launcher.openEvents(runner))
      return {
        read: (options) => patiently(runner, () => reader.read(options)),
        lastWrite: () => patiently(runner, () => reader.lastWrite()),
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      }
    },
  }
}
