import { createHash } from 'node:crypto'
import {
  Failure,
  networkLimits,
  uploadedNetwork,
  type createNetworkRequest,
  type NetworkSummary,
  type Normalisation,
  type UploadedNetwork,
} from '@imclr/contract'
import { findOrInsertNetwork, lockUpload, markUploadCompleted } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { z } from 'zod'
import { assertOpen, joinParts, requireUpload } from '../dataset/uploads.js'
import type { Call } from '../request/context.js'
import { canonical, earlierAnswer, idempotent } from '../request/idempotent.js'
import { locateWeights } from './locateWeights.js'
import { measureNetwork, NetworkProblem } from './measureNetwork.js'
import { toNetwork } from './networks.js'
import { readTopology, TopologyProblem, type Topology } from './readTopology.js'

type Input = z.output<typeof createNetworkRequest>

/**
 * Makes a network of an upload, which holds its weights, and the text of its `model.json`. It stores a list of known
 * layers with their settings, and where their weights are; nothing in the file is executed. The same content is the
 * same network, however often it is sent.
 *
 * Throws Failure BAD_INPUT with every layer that is not supported, UPLOAD_INCOMPLETE, CHECKSUM_MISMATCH, LIMIT_REACHED.
 */
export async function createNetwork(call: Call, input: Input): Promise<NetworkSummary> {
  const earlier = await earlierAnswer<NetworkSummary>(call, input)
  if (earlier !== undefined) return earlier
  const {
    caller: { projectId },
    store,
    clock,
  } = call
  const upload = await requireUpload(call, input.uploadId)
  assertOpen(upload, clock())
  if (upload.bytes > networkLimits.weightBytes)
    throw new Failure(
      'LIMIT_REACHED',
      `The weights have ${upload.bytes} bytes; a network may have ${networkLimits.weightBytes}`,
    )
  const read = readModel(input.model, upload.bytes)
  assertSameNormalisation(read.normalisation, input.normalisation)

  await joinParts(call, upload, input.parts)
  const weightsSha256 = await checkWeights((await store.get(upload.objectKey)).body)
  const { notes, normalisation: own, ...network } = read
  const { name, licence } = input
  const normalisation = own ?? input.normalisation
  const content = createHash('sha256')
    .update(canonical({ projectId, ...network, weightsSha256, normalisation, licence }))
    .digest('hex')
  const prefix = keys.uploadPrefix(projectId, upload.id)
  const file: UploadedNetwork = uploadedNetwork.parse({
    schemaVersion: 1,
    id: `net_${content.slice(0, 32)}`,
    name,
    ...network,
    normalisation,
    licence,
    weightsSha256,
    weightsFile: upload.objectKey.slice(prefix.length),
  })
  const json = Buffer.from(JSON.stringify(file))
  await store.put(keys.network(prefix), json, { contentType: 'application/json' })

  return idempotent(call, input, async (tx) => {
    assertOpen((await lockUpload(tx, upload.id)) ?? upload, clock())
    await markUploadCompleted(tx, { uploadId: upload.id, jobId: null })
    const { id, layers, parameters, multiplyAdds, smallestSize } = file
    const row = {
      id,
      projectId,
      name,
      prefix,
      layers,
      summary: { parameters, multiplyAdds, smallestSize, normalisation, licence, weightsSha256, notes },
      bytes: upload.bytes + json.length,
      createdAt: clock(),
    }
    return toNetwork(await findOrInsertNetwork(tx, row))
  })
}

/** Layers of the file that normalise pixels decide how it is done: a request may only repeat it. */
function assertSameNormalisation(own: Normalisation | null, given: Normalisation | null): void {
  if (own === null || given === null) return
  const isSame = (['mean', 'std'] as const).every((key) =>
    own[key].every((value, c) => Math.abs(value - given[key][c]!) <= 1e-6 * Math.max(1, Math.abs(value))),
  )
  if (isSame) return
  const issue = {
    path: 'normalisation',
    code: 'does_not_fit',
    message: `The first layers of the network make it { mean: [${own.mean.join(', ')}], std: [${own.std.join(', ')}] }`,
    fix: 'Leave normalisation out, or give just that',
  }
  throw new Failure('BAD_INPUT', `The normalisation given is not that of the network: ${issue.message}`, {
    issues: [issue],
  })
}

/** The fields of a network that follow from its files alone. */
type ReadNetwork = Topology & Pick<UploadedNetwork, 'parameters' | 'multiplyAdds' | 'smallestSize' | 'weights'>

function readModel(text: string, bytes: number): ReadNetwork {
  const refuse = (issues: Failure['issues']): never => {
    throw new Failure(
      'BAD_INPUT',
      `The network cannot be used: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`.slice(
        0,
        2000,
      ),
      { issues },
    )
  }
  try {
    const json = JSON.parse(text) as { modelTopology?: unknown; weightsManifest?: unknown } | null
    const topology = readTopology(json?.modelTopology)
    const measured = measureNetwork(topology.layers, topology.output)
    return {
      ...topology,
      ...measured,
      weights: locateWeights(json?.weightsManifest, {
        layers: topology.layers,
        smallestSize: measured.smallestSize,
        bytes,
      }),
    }
  } catch (error) {
    if (error instanceof SyntaxError)
      return refuse([
        {
          path: 'model',
          code: 'invalid_format',
          message: `It is not JSON: ${error.message}`.slice(0, 300),
          fix: 'Send the text of model.json',
        },
      ])
    if (error instanceof TopologyProblem) return refuse(error.issues)
    if (error instanceof NetworkProblem)
      return refuse([{ path: `model.${error.layer}`, code: 'not_supported', message: error.message, fix: error.fix }])
    throw error
  }
}

/**
 * Hashes a stream of float32 (little-endian) with SHA-256. Throws Failure BAD_INPUT at the first value that is not a
 * finite number.
 */
async function checkWeights(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  let rest = Buffer.alloc(0)
  let before = 0
  for await (const chunk of body) {
    hash.update(chunk)
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const count = bytes.length >> 2
    // A copy lies at a multiple of 4
    const values = new Float32Array(Uint8Array.prototype.slice.call(bytes, 0, 4 * count).buffer)
    const wrong = values.findIndex((value) => !Number.isFinite(value))
    if (wrong >= 0)
      throw new Failure('BAD_INPUT', `Weight ${before + wrong} of the network is ${values[wrong]}`, {
        issues: [
          {
            path: 'uploadId',
            code: 'not_finite',
            message: `Weight ${before + wrong} is ${values[wrong]}`,
            fix: 'Send weights that are numbers',
          },
        ],
      })
    before += count
    rest = Buffer.from(bytes.subarray(4 * count))
  }
  return hash.digest('hex')
}
