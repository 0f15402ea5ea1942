import { Failure, runService, stopSignal, type ServiceProcess } from '@imclr/contract'
import { describe, expect, it } from 'vitest'

/** A process that records every call. */
function fakeProcess() {
  const listeners: Record<string, (signal: never) => void> = {}
  const seen = { exits: [] as number[], words: '' }
  const process: ServiceProcess = {
    on: (name, listener) => {
      listeners[name] = listener
    },
    exit: ((code: number) => seen.exits.push(code)) as never,
    stderr: { write: (text) => (seen.words += text) },
  }
  return { process, seen, signal: (name: string) => listeners[name]!(name as never) }
}

describe("a service's process", () => {
  it('exits with 0 after its main function', async () => {
    const { process, seen } = fakeProcess()
    await runService(async () => {}, { name: 'x', process })
    expect(seen).toEqual({ exits: [0], words: '' })
  })

  it.each([
    [new Failure('BAD_INPUT', 'PORT is wrong'), 'x: PORT is wrong\n'],
    [new Failure('UNAVAILABLE', 'no answer'), `x: no answer\n  ${new Failure('UNAVAILABLE', '').record.hint}\n`],
    ['only words', 'x: only words\n'],
  ])('exits with 1 and says what went wrong: %s', async (error, words) => {
    const { process, seen } = fakeProcess()
    await runService(() => Promise.reject(error as Error), { name: 'x', process })
    expect(seen).toEqual({ exits: [1], words })
  })

  it('prints the stack of a bug', async () => {
    const { process, seen } = fakeProcess()
    await runService(() => Promise.reject(new TypeError('oops')), { name: 'x', process })
    expect(seen.words).toMatch(/^x: TypeError: oops\n {4}at /)
  })

  it('stops at the first signal, and exits at once at the second', async () => {
    const { process, seen, signal } = fakeProcess()
    const stopped = stopSignal(process)
    signal('SIGINT')
    expect(await stopped).toBe('SIGINT')
    expect(seen.exits).toEqual([])
    signal('SIGTERM')
    expect(seen.exits).toEqual([130])
  })
})
