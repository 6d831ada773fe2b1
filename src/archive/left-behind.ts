/**
 * What systems, desktops, network drives, editors and packers leave between the files of a folder, by whom. Nobody who packs a folder
 * sees these, so they are passed over, whatever they are: not decompressed, and not expected in the manifest.
 */
const LEFT_BEHIND: readonly (readonly [by: string, files: readonly string[], folders?: readonly string[]])[] = [
  [
    'macOS',
    [
      '\\.DS_Store\\??',
      '\\._.*',
      'Icon[\\r\\u{f00d}]',
      '\\.localized',
      '\\.apdisk',
      '\\.AppleD(?:B|esktop)',
      '\\.LSOverride',
      '\\.VolumeIcon\\.icns',
      '\\.com\\.apple\\..*',
    ],
    [
      '__MACOSX',
      '\\.AppleDouble',
      '\\.Spotlight-V100',
      '\\.fseventsd',
      '\\.Trashes',
      '\\.TemporaryItems',
      '\\.DocumentRevisions-V100',
      '\\.PKInstallSandboxManager.*',
      'Network Trash Folder',
      'Temporary Items',
    ],
  ],
  [
    'Windows',
    ['(?:eh)?thumbs(?:_vista)?\\.db', 'desktop\\.ini', 'folder\\.htt', '.*[:\\u{f03a}]Zone\\.Identifier'],
    ['\\$RECYCLE\\.BIN', 'System Volume Information'],
  ],
  [
    'a desktop of Linux',
    ['\\.directory', '\\.nfs[0-9a-f]+', '\\.hidden'],
    ['\\.Trash(?:-\\d+)?', '\\.thumbnails', '\\.xvpics', 'lost\\+found'],
  ],
  [
    'a network drive',
    ['.*@Syno(?:EAStream|Resource)', '\\.smbdelete.*'],
    [
      '@eaDir',
      '@tmp',
      '#recycle',
      '#snapshot',
      '@Recycle',
      '@Recently-Snapshot',
      '\\.@__thumb',
      '\\.streams',
      '\\.snapshots?',
    ],
  ],
  [
    'a program that synchronises folders',
    [
      '\\.dropbox(?:\\.attr|\\.cache)?',
      '\\.stignore',
      '\\.(?:owncloud|nextcloud)sync.*',
      '\\._?sync_.*\\.db.*',
      '\\.tmp\\.drive(?:download|upload)',
    ],
    ['\\.dropbox\\.cache', '\\.stfolder', '\\.stversions', '\\.sync', '\\.tmp\\.drive(?:download|upload)'],
  ],
  [
    'a version control system',
    [
      '\\.git.*',
      '\\.hg(?:ignore|tags|sub.*)',
      '\\.svnignore',
      '\\.bzrignore',
      '\\.cvsignore',
      '\\.mailmap',
      'CVS/(?:Entries|Root|Repository|Tag|Template)',
    ],
    ['\\.git.*', '\\.hg', '\\.svn', '\\.bzr'],
  ],
  [
    'an editor',
    [
      '.*~',
      '\\..*\\.sw[a-z]',
      '\\.#.*',
      '#.*#',
      '~\\$.*',
      '\\.~lock\\..*#',
      '.*\\.(?:bak|orig|tmp)',
      '\\.editorconfig',
      '\\.picasa\\.ini',
      'Picasa\\.ini',
      '\\.Bridge(?:Sort|Cache|CacheT|LabelsAndRatings)',
    ],
    ['\\.idea', '\\.vscode', '\\.vs', '\\.fleet', '\\.history', '\\.comments'],
  ],
  ['a packer', ['\\[Content_Types\\]\\.xml', 'META-INF/MANIFEST\\.MF', '_rels/\\.rels']],
]

const PATTERNS = LEFT_BEHIND.map(([by, files, folders = []]) => {
  const file = `(?:${files.join('|')})/?$`
  const folder = folders.length > 0 ? `|(?:${folders.join('|')})(?:/|$)` : ''
  return { by, pattern: new RegExp(`(?:^|/)(?:${file}${folder})`, 'isu') }
})

/** One look for most names: all patterns together. */
const ANY = new RegExp(PATTERNS.map(({ pattern }) => pattern.source).join('|'), 'isu')

/** Who left it behind; null for a vendor's own file. */
export const leftBehindBy = (name: string): string | null =>
  ANY.test(name) ? (PATTERNS.find(({ pattern }) => pattern.test(name))?.by ?? null) : null

/** Whether a name or a folder of it begins with a dot, which hides it on most systems: nobody notices that it is packed. */
export const isHidden = (name: string): boolean => /(?:^|\/)\./.test(name)
