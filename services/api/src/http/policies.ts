/** A report's page has its styles and pictures inside, and no scripts. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
export const filePolicy = "default-src 'none'; sandbox"
