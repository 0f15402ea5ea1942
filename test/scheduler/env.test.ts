import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLauncher, readRunningEnv, schedulerConfig } from '@imclr/scheduler'
import { describe, expect, it } from 'vitest'
import { makeFolder } from '../support/parts.js'
import { builtScheduler, spawnService } from '../support/spawnService.js'

describe("the scheduler's environment", () => {
  it('has defaults for how jobs are run', () => {
    const config = schedulerConfig(readRunningEnv({}), './work')
    expect(config).toMatchObject({
      slots: 1,
      leaseSeconds: 60,
      stallSeconds: 120,
      suspendGraceSeconds: 20,
      checkpointEverySeconds: 60,
      retryDelaySeconds: 5,
    })
    expect(config.owner.endsWith(`:${config.workDir}`)).toBe(true)
  })

  it('names every variable that is wrong', () => {
    expect(() => readRunningEnv({ IMCLR_SLOTS: '0', IMCLR_STALL_SECONDS: 'soon' })).toThrow(
      /IMCLR_SLOTS[\s\S]*IMCLR_STALL_SECONDS/,
    )
    expect(() => readRunningEnv({ IMCLR_THREADS: 'many', IMCLR_BATCH_WORKERS: '-1' })).toThrow(
      /IMCLR_BATCH_WORKERS[\s\S]*IMCLR_THREADS/,
    )
    expect(readRunningEnv({ IMCLR_THREADS: '', IMCLR_BATCH_WORKERS: '' })).toMatchObject({
      IMCLR_THREADS: null,
      IMCLR_BATCH_WORKERS: 'auto',
    })
  })

  it("names the Docker launcher's variables that are wrong, as a failure of the operator's", () => {
    const variables = { DOCKER_HOST: 'docker.sock', IMCLR_TRAINER_PIDS: '1' }
    const open = () => openLauncher({ ...readRunningEnv({ IMCLR_LAUNCHER: 'docker' }), variables }, 'w')
    expect(open).toThrow(expect.objectContaining({ name: 'Failure', code: 'BAD_INPUT' }) as Error)
    expect(open).toThrow(/DOCKER_HOST[\s\S]*IMCLR_TRAINER_PIDS/)
  })

  it('needs a device for each slot', () => {
    expect(() => schedulerConfig(readRunningEnv({ IMCLR_SLOTS: '3', IMCLR_DEVICES: '0,1' }), 'w')).toThrow(
      /IMCLR_SLOTS is 3, but IMCLR_DEVICES names 2/,
    )
    expect(readRunningEnv({ IMCLR_SLOTS: '2', IMCLR_DEVICES: '0, GPU-8f2' }).IMCLR_DEVICES).toEqual(['0', 'GPU-8f2'])
  })

  it('reads secrets from files', () => {
    const path = join(makeFolder('env'), 'secret')
    writeFileSync(path, 'from a file\n')
    expect(readRunningEnv({ AWS_SECRET_ACCESS_KEY_FILE: path }).variables.AWS_SECRET_ACCESS_KEY).toBe('from a file')
  })

  it('ends the process with a message that names what to correct, without a stack', async () => {
    await using wrong = spawnService(builtScheduler, [], {
      DATABASE_URL: 'mysql://x',
      QUEUE_URL: 'amqp://x',
      OBJECT_STORE_URL: 'http://x',
      IMCLR_LAUNCHER: 'pigeon',
      LOG_LEVEL: 'loud',
    })
    expect(await wrong.end()).toBe(1)
    for (const name of ['DATABASE_URL', 'QUEUE_URL', 'OBJECT_STORE_URL', 'IMCLR_LAUNCHER', 'LOG_LEVEL'])
      expect(wrong.output()).toContain(name)
    await using absent = spawnService(builtScheduler, [], {
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      OBJECT_STORE_URL: `file://${makeFolder('env-store')}`,
    })
    expect(await absent.end()).toBe(1)
    expect(absent.output()).not.toContain('    at ')
  })
})
