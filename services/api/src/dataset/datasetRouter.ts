import {
  createUploadRequest,
  datasetId,
  datasetManifest,
  datasetSummary,
  page,
  pageRequest,
  upload,
  versionSummary,
} from '@imclr/contract'
import { listDatasets, listVersions } from '@imclr/database'
import { datasetRef, pageInput, uploadRef, versionRef } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { readProcedure, resolve, router, writeProcedure } from '../request/procedure.js'
import { completedUpload, completeUpload, completeUploadRequest } from './completeUpload.js'
import { deleteDataset, deletedDataset, requireDataset, toDataset } from './datasets.js'
import {
  abortUpload,
  createUpload,
  listedParts,
  listParts,
  requireUpload,
  signedParts,
  signParts,
  signPartsRequest,
  toUpload,
} from './uploads.js'
import {
  contactSheetUrl,
  corruptionPreviewUrl,
  deletedVersion,
  deleteVersion,
  requireVersion,
  signedUrl,
  toVersion,
  versionManifest,
} from './versions.js'

export const datasetRouter = router({
  createUpload: writeProcedure.input(createUploadRequest).output(upload).mutation(resolve(createUpload)),
  getUpload: readProcedure
    .input(uploadRef)
    .output(upload)
    .query(async ({ ctx, input }) => toUpload(await requireUpload(ctx, input.uploadId))),
  signParts: writeProcedure.input(signPartsRequest).output(signedParts).mutation(resolve(signParts)),
  listParts: readProcedure.input(uploadRef).output(listedParts).query(resolve(listParts)),
  completeUpload: writeProcedure.input(completeUploadRequest).output(completedUpload).mutation(resolve(completeUpload)),
  abortUpload: writeProcedure.input(uploadRef).output(upload).mutation(resolve(abortUpload)),

  list: readProcedure
    .input(pageInput)
    .output(page(datasetSummary))
    .query(({ ctx: { database, caller }, input }) =>
      paginate(input, (slice) => listDatasets(database.queries, { projectId: caller.projectId, ...slice }), toDataset),
    ),
  get: readProcedure
    .input(datasetRef)
    .output(datasetSummary)
    .query(async ({ ctx, input }) => toDataset(await requireDataset(ctx, input.datasetId))),
  delete: writeProcedure.input(datasetRef).output(deletedDataset).mutation(resolve(deleteDataset)),

  listVersions: readProcedure
    .input(pageRequest.extend({ datasetId }))
    .output(page(versionSummary))
    .query(async ({ ctx, input }) => {
      const { id } = await requireDataset(ctx, input.datasetId)
      return paginate(input, (slice) => listVersions(ctx.database.queries, { datasetId: id, ...slice }), toVersion)
    }),
  getVersion: readProcedure
    .input(versionRef)
    .output(versionSummary)
    .query(async ({ ctx, input }) => toVersion(await requireVersion(ctx, input.versionId))),
  deleteVersion: writeProcedure.input(versionRef).output(deletedVersion).mutation(resolve(deleteVersion)),
  versionManifest: readProcedure.input(versionRef).output(datasetManifest).query(resolve(versionManifest)),
  contactSheetUrl: readProcedure.input(versionRef).output(signedUrl).query(resolve(contactSheetUrl)),
  corruptionPreviewUrl: readProcedure.input(versionRef).output(signedUrl).query(resolve(corruptionPreviewUrl)),
})
