const harmless: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request of this method changes nothing (RFC 9110 section 9.2.1). */
export const isHarmless = ({ method }: { readonly method?: string | undefined }): boolean => harmless.has(method);
