import { catalogue, catalogueEntry } from '@imclr/contract'
import { z } from 'zod'
import { nothing } from '../request/inputs.js'
import { by, reading, router } from '../request/procedure.js'
import { info, systemInfo } from './info.js'

export const systemRouter = router({
  info: reading.input(nothing).output(systemInfo).query(by(info)),
  catalogue: reading
    .input(nothing)
    .output(z.array(catalogueEntry))
    .query(() => [...catalogue]),
})
