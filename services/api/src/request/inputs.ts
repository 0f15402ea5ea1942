/** Inputs that several domains share. Unknown keys are refused, here as everywhere. */
import {
  datasetId,
  experimentId,
  jobId,
  keyId,
  modelId,
  networkId,
  pageRequest,
  uploadId,
  versionId,
} from '@imclr/contract'
import { z } from 'zod'

export const noInput = z.strictObject({}).optional()
export const pageInput = pageRequest.prefault({})
export const datasetRef = z.strictObject({ datasetId })
export const versionRef = z.strictObject({ versionId })
export const uploadRef = z.strictObject({ uploadId })
export const jobRef = z.strictObject({ jobId })
export const modelRef = z.strictObject({ modelId })
export const networkIdRef = z.strictObject({ networkId })
export const keyRef = z.strictObject({ keyId })
export const experimentRef = z.strictObject({ experimentId })
