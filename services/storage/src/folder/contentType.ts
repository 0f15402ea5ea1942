const byExtension: Record<string, string> = {
  bin: 'application/octet-stream',
  css: 'text/css',
  csv: 'text/csv',
  gz: 'application/gzip',
  html: 'text/html; charset=utf-8',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown; charset=utf-8',
  png: 'image/png',
  tar: 'application/x-tar',
  webp: 'image/webp',
  zip: 'application/zip',
}

/** The content type that a key's ending implies. A folder store writes down only types that differ from it. */
export function contentTypeOf(key: string): string {
  return byExtension[/\.([a-z]+)$/.exec(key)?.[1] ?? ''] ?? 'application/octet-stream'
}
