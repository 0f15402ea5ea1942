/**
 * What a trainer does before it computes, on machines without a GPU that computes. The programs of NVIDIA's driver are
 * stand-ins here: the tests need no GPU, and prove nothing about one.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failures } from '@imclr/contract'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../../support/parts.js'
import { trainerProgram } from '../jobs/harness.js'

const folder = makeFolder('gpu')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const job = join(folder, 'job.json')
writeFileSync(job, JSON.stringify({ schemaVersion: 1, kind: 'probe', jobId: 'job_gpuofthismachine', attempt: 0 }))

/** A folder for PATH with this nvidia-smi alone; null: without any. */
function driver(name: string, script: string | null): string {
  const bin = join(folder, name)
  mkdirSync(bin)
  if (script !== null) writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
  if (script !== null) chmodSync(join(bin, 'nvidia-smi'), 0o755)
  return bin
}
const none = driver('none', null)
const broken = driver('broken', 'echo "NVIDIA-SMI has failed because it could not talk to the driver"; exit 9')
const answering = driver(
  'answering',
  'case "$*" in *--query-gpu*) echo "NVIDIA H200, 570.86.15, 9.0";; *) echo "CUDA Version : 12.8";; esac',
)

interface Ending {
  code: number
  events: Record<string, unknown>[]
}

/** Runs a probe: the shortest job that computes. TensorFlow sees no GPU, whatever this machine has. */
function run(wish: string, path: string): Promise<Ending> {
  const env = { PATH: path, HOME: folder, CUDA_VISIBLE_DEVICES: '-1', IMCLR_GPU: wish }
  return new Promise((resolve) =>
    execFile(process.execPath, [trainerProgram, job], { env }, (error, stdout) =>
      resolve({
        code: error === null ? 0 : Number(error.code),
        events: stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      }),
    ),
  )
}

describe('a trainer that must compute on a GPU', () => {
  it.each([
    ['there is no driver', none, /nvidia-smi.*does not answer: there is no such program/],
    ['the driver does not work', broken, /nvidia-smi.*does not answer: NVIDIA-SMI has failed/],
    ['TensorFlow finds none', answering, /TensorFlow uses no GPU here/],
  ])('fails where %s, and says so', async (_case, path, reason) => {
    const { code, events } = await run('required', path)
    expect(code).toBe(failures.GPU_UNUSABLE.exitCode)
    expect(events).toEqual([
      {
        type: 'failed',
        failure: expect.objectContaining({
          code: 'GPU_UNUSABLE',
          retryable: false,
          message: expect.stringMatching(reason),
          hint: failures.GPU_UNUSABLE.hint,
        }),
      },
    ])
  })
})

describe('a trainer that had better compute on a GPU', () => {
  it('goes on on the CPU, with a warning in the log of its job', async () => {
    const { code, events } = await run('preferred', none)
    expect(code).toBe(0)
    expect(events[0]).toMatchObject({ type: 'log', level: 'warn', message: expect.stringMatching(/runs on the CPU: /) })
    expect(events.at(-1)).toMatchObject({ type: 'probed', device: 'CPU' })
  })
})

describe('a trainer that computes on the CPU', () => {
  it('asks for no GPU', async () => {
    const { code, events } = await run('off', broken)
    expect(code).toBe(0)
    expect(events.map(({ type }) => type)).toEqual(['probed'])
  })
})
