import { createUploadRequest, datasetManifest, datasetSummary, page, upload, versionSummary } from '@imclr/contract'
import { datasetRef, pages, uploadRef, versionRef } from '../request/inputs.js'
import { by, reading, router, writing } from '../request/procedure.js'
import { abortUpload } from './abortUpload.js'
import { completedUpload, completeUpload, completeUploadRequest } from './completeUpload.js'
import { contactSheetUrl } from './contactSheetUrl.js'
import { corruptionPreviewUrl } from './corruptionPreviewUrl.js'
import { createUpload } from './createUpload.js'
import { deletedDataset, deleteDataset } from './deleteDataset.js'
import { deletedVersion, deleteVersion } from './deleteVersion.js'
import { getDataset } from './getDataset.js'
import { getUpload } from './getUpload.js'
import { getVersion } from './getVersion.js'
import { listDatasets } from './listDatasets.js'
import { listedParts, listParts } from './listParts.js'
import { listVersions, listVersionsRequest } from './listVersions.js'
import { signedUrl } from './signedFile.js'
import { signedParts, signParts, signPartsRequest } from './signParts.js'
import { versionManifest } from './versionManifest.js'

export const datasetRouter = router({
  createUpload: writing.input(createUploadRequest).output(upload).mutation(by(createUpload)),
  getUpload: reading.input(uploadRef).output(upload).query(by(getUpload)),
  signParts: writing.input(signPartsRequest).output(signedParts).mutation(by(signParts)),
  listParts: reading.input(uploadRef).output(listedParts).query(by(listParts)),
  completeUpload: writing.input(completeUploadRequest).output(completedUpload).mutation(by(completeUpload)),
  abortUpload: writing.input(uploadRef).output(upload).mutation(by(abortUpload)),
  list: reading.input(pages).output(page(datasetSummary)).query(by(listDatasets)),
  get: reading.input(datasetRef).output(datasetSummary).query(by(getDataset)),
  delete: writing.input(datasetRef).output(deletedDataset).mutation(by(deleteDataset)),
  listVersions: reading.input(listVersionsRequest).output(page(versionSummary)).query(by(listVersions)),
  getVersion: reading.input(versionRef).output(versionSummary).query(by(getVersion)),
  deleteVersion: writing.input(versionRef).output(deletedVersion).mutation(by(deleteVersion)),
  versionManifest: reading.input(versionRef).output(datasetManifest).query(by(versionManifest)),
  contactSheetUrl: reading.input(versionRef).output(signedUrl).query(by(contactSheetUrl)),
  corruptionPreviewUrl: reading.input(versionRef).output(signedUrl).query(by(corruptionPreviewUrl)),
})
