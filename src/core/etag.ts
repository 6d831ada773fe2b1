/** Whether If-None-Match names this ETag. It compares weakly, and may contain a list or `*`: RFC 9110, 13.1.2. */
export const hasEtag = (header: string, etag: string): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || opaqueOf(tag) === opaqueOf(etag))

const opaqueOf = (etag: string) => etag.trim().replace(/^W\//, '')
