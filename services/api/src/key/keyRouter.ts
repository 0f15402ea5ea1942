import { apiKeySummary, page } from '@imclr/contract'
import { listKeys } from '@imclr/database'
import { keyRef, pageInput } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { keysProcedure, resolve, router } from '../request/procedure.js'
import { createKey, createKeyRequest, newKey, revokeKey, toKey } from './keys.js'

export const keyRouter = router({
  create: keysProcedure.input(createKeyRequest).output(newKey).mutation(resolve(createKey)),
  list: keysProcedure
    .input(pageInput)
    .output(page(apiKeySummary))
    .query(({ ctx: { database, caller }, input }) =>
      paginate(input, (slice) => listKeys(database.queries, { projectId: caller.projectId, ...slice }), toKey),
    ),
  revoke: keysProcedure.input(keyRef).output(apiKeySummary).mutation(resolve(revokeKey)),
})
