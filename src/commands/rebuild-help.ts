/** Printed below the usage of `rebuild`. */
export const REBUILD_HELP = `
For when Postgres is lost and there is no backup of it, or an older one is not enough: set DATABASE_URL to an empty database, and the
stores and the URL secret to those of the service, which must not run meanwhile. The latest snapshot is read, then the originals that
are newer, then every take-down, visibility, token and removal since; stored pictures are recorded, and none is rendered. When it is
interrupted, the same command continues. Where the latest snapshot has less than half of the items of an earlier one, --snapshot has to say
which one it is.`
