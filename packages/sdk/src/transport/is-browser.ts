/** Whether this is a page or a worker of a browser: all of them, and no other runtime, name themselves so. */
export const isBrowser: boolean = /^Mozilla\//.test(globalThis.navigator?.userAgent ?? '');
