/** In place of Node's streams and files, which yauzl loads and the check of archives does not use. */

export class Transform {}
export class PassThrough {}
export class Readable {}
export class Writable {}
