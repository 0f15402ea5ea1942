import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { until } from './eventually.js'
import { minio, partPath, postgres, redis, requirePart } from './parts.js'

const execute = promisify(execFile)

describe.skipIf(!requirePart('postgres'))('PostgreSQL', () => {
  const ask = async (url: string, sql: string): Promise<string> =>
    (await execute(join(partPath('postgres'), 'psql'), ['-At', url, '-c', sql])).stdout.trim()

  it('gives each test a database of its own and drops it', async () => {
    await using one = await postgres()
    let url: string
    {
      await using other = await postgres()
      url = other.url
      await ask(one.url, 'create table kept (id int)')
      expect(await ask(other.url, "select count(*) from information_schema.tables where table_name = 'kept'")).toBe('0')
    }
    await expect(ask(url, 'select 1')).rejects.toThrow(/does not exist/)
    expect(await ask(one.url, 'select count(*) from kept')).toBe('0')
  })
})

describe.skipIf(!requirePart('redis'))('redis-server', () => {
  it('answers, is alone, and is gone afterwards with its folder', async () => {
    let url: string, folder: string
    {
      await using one = await redis()
      await using other = await redis()
      ;({ url, folder } = one)
      expect(other.url).not.toBe(url)
      expect(await command(url, 'CONFIG GET maxmemory-policy')).toContain('noeviction')
      expect(await command(url, 'SET answer 42')).toContain('+OK')
      expect(await command(other.url, 'GET answer')).toBe('$-1\r\n')
    }
    await expect(command(url, 'PING')).rejects.toThrow(/ECONNREFUSED/)
    expect(existsSync(folder)).toBe(false)
  })

  it('ends when the process that started it is killed', async () => {
    const program = `
      const { redis } = await import(${JSON.stringify(join(import.meta.dirname, '../dist/support/redis.js'))})
      const server = await redis()
      console.log(JSON.stringify(server))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { url, folder } = JSON.parse(String(await new Promise((resolve) => child.stdout.once('data', resolve)))) as {
      url: string
      folder: string
    }
    expect(await command(url, 'PING')).toBe('+PONG\r\n')
    child.kill('SIGKILL')
    await until(() => !existsSync(folder))
    await expect(command(url, 'PING')).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe.skipIf(!requirePart('minio'))('MinIO', () => {
  it('knows its own credentials alone, and has an empty bucket', async () => {
    const { ListObjectsV2Command, S3Client } = await import('@aws-sdk/client-s3')
    await using server = await minio()
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = server
    const list = (secret: string): Promise<{ KeyCount?: number }> =>
      new S3Client({
        endpoint,
        region,
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey: secret },
      }).send(new ListObjectsV2Command({ Bucket: bucket }))
    expect((await list(secretAccessKey)).KeyCount).toBe(0)
    await expect(list('something else')).rejects.toThrow(/signature/)
  })
})

describe.skipIf(!requirePart('chromium'))('Chromium', () => {
  it('runs', async () => {
    const { stdout } = await execute(partPath('chromium'), ['--version'])
    expect(stdout).toMatch(/Chromium|Chrome/)
  })
})

describe('a part that is missing', () => {
  beforeEach(() => {
    vi.stubEnv('IMCLR_TEST_PYTHON', undefined)
    vi.stubEnv('PATH', '/nowhere')
    vi.stubEnv('IMCLR_CACHE', '/nowhere')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })

  it('is named once, with the way to get it', () => {
    vi.stubEnv('CI', '')
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect([requirePart('redis'), requirePart('redis')]).toEqual([false, false])
    expect(warn.mock.calls).toEqual([['skipped: needs redis-server; apt-get install redis-server']])
  })

  it('is a failure in CI', () => {
    vi.stubEnv('CI', 'true')
    expect(() => requirePart('redis')).toThrow('needs redis-server; apt-get install redis-server')
  })
})

/** Sends one command to a Redis and gives its raw answer. */
function command(url: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${line}\r\n`))
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString())
    })
  })
}
