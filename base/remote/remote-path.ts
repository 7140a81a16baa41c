/** Whether a path is an address of an object on a server, and no file of this machine. */
export function isRemote(path: string): boolean {
  return /^(?:https?|s3):\/\//i.test(path);
}

/** Where a file lies that belongs to another one: its name with more at its end. What follows a `?` of an address (a key to a store) stays at the end. */
export function besidePath(path: string, suffix: string): string {
  const query = isRemote(path) ? path.indexOf('?') : -1;
  return query < 0 ? path + suffix : path.slice(0, query) + suffix + path.slice(query);
}

/** An address as people and logs may see it: without a query, in which keys stand. */
export function shownAddress(address: string): string {
  return address.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//…@');
}
