import { apiKeySummary, page } from '@imclr/contract'
import { keyRef, pages } from '../request/inputs.js'
import { by, keeping, router } from '../request/procedure.js'
import { createKey, createKeyRequest, newKey } from './createKey.js'
import { listKeys } from './listKeys.js'
import { revokeKey } from './revokeKey.js'

export const keyRouter = router({
  create: keeping.input(createKeyRequest).output(newKey).mutation(by(createKey)),
  list: keeping.input(pages).output(page(apiKeySummary)).query(by(listKeys)),
  revoke: keeping.input(keyRef).output(apiKeySummary).mutation(by(revokeKey)),
})
