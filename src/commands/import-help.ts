/** What `import --help` says after its options. */
export const IMPORT_HELP = `
A directory is laid out as {vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg, where FAMILY and SET are 12 characters A-Z
and 0-9, or is an Iconify JSON package (with icons.json) or all of Iconify (with collections.json). A file that is not an SVG
is refused by name and reason, and the rest is imported.

s3://BUCKET/PREFIX registers the originals that are in ORIGINALS_BUCKET already by their listing, without downloading them; the
prefix may be empty or a vendor's name. When it is interrupted, the same command continues. --adopt also registers the pictures
in PREVIEWS_BUCKET that are named {slug}-{preset}.webp, after checking their first bytes. What is not WebP is listed and a
backfill that makes it is started; --delete-broken deletes it from the bucket, so that its address leads to the new picture.

iconify imports 390,000 icons of 240 sets: npm installs the newest @iconify/json (500 MB) into DATA_DIR/packages once; delete
that folder for a newer one. A directory of that name is ./iconify.`
