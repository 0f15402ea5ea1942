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
import { closeUpload, insertNetwork, lockUpload } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { z } from 'zod'
import { joinParts } from '../dataset/joinParts.js'
import { ownUpload, refuseClosed } from '../dataset/shownUpload.js'
import type { Call } from '../request/context.js'
import { canonical, earlierAnswer, idempotent } from '../request/idempotent.js'
import { checkWeights } from './checkWeights.js'
import { locateWeights } from './locateWeights.js'
import { measureNetwork, NetworkProblem } from './measureNetwork.js'
import { readTopology, TopologyProblem, type Topology } from './readTopology.js'
import { shownNetwork } from './shownNetwork.js'

type Input = z.output<typeof createNetworkRequest>

/**
 * Makes a network of an upload (its weights) and the text of its `model.json`. What is kept is a list of known layers with their settings
 * and where their weights are; nothing of the file is run. The same content is the same network, however often it is sent.
 *
 * Throws Failure BAD_INPUT with every layer that cannot be had, UPLOAD_INCOMPLETE, CHECKSUM_MISMATCH, LIMIT_REACHED.
 */
export async function createNetwork(call: Call, input: Input): Promise<NetworkSummary> {
  const earlier = await earlierAnswer<NetworkSummary>(call, input)
  if (earlier !== undefined) return earlier
  const {
    caller: { projectId },
    store,
    clock,
  } = call
  const upload = await ownUpload(call, input.uploadId)
  refuseClosed(upload, clock())
  if (upload.bytes > networkLimits.weightBytes)
    throw new Failure(
      'LIMIT_REACHED',
      `The weights have ${upload.bytes} bytes; a network may have ${networkLimits.weightBytes}`,
    )
  const read = readModel(input.model, upload.bytes)
  refuseOtherNormalisation(read.normalisation, input.normalisation)

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
    refuseClosed((await lockUpload(tx, upload.id)) ?? upload, clock())
    await closeUpload(tx, { uploadId: upload.id, jobId: null })
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
    return shownNetwork(await insertNetwork(tx, row))
  })
}

/** What layers of the file do to pixels must not be done otherwise, or twice. */
function refuseOtherNormalisation(own: Normalisation | null, given: Normalisation | null): void {
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

/** The part of a network that its files decide alone. */
type ReadNetwork = Topology & Pick<UploadedNetwork, 'parameters' | 'multiplyAdds' | 'smallestSize' | 'weights'>

function readModel(text: string, bytes: number): ReadNetwork {
  const refuse = (issues: Failure['issues']): never => {
    throw new Failure(
      'BAD_INPUT',
      `The network cannot be had: ${issues.map(({ path, message }) => `${path}: ${message}`).join('; ')}`.slice(
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
