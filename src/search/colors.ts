/**
 * The colour names that filters distinguish, each with a representative colour. The database names the items' colours with the function
 * color_name from the migration `search`: a colour is a grey if its strongest and weakest channels differ by less than 28 of 255, and the
 * upper bounds of hues, in degrees, are 15 red, 45 orange (brown below 160 of 255), 70 yellow, 165 green, 195 cyan, 255 blue, 290 purple,
 * 345 pink.
 */
export const COLORS: Readonly<Record<string, string>> = {
  black: '#000000',
  gray: '#808080',
  white: '#ffffff',
  red: '#e53935',
  brown: '#795548',
  orange: '#fb8c00',
  yellow: '#fdd835',
  green: '#43a047',
  cyan: '#00acc1',
  blue: '#1e66e5',
  purple: '#8e24e0',
  pink: '#ec40a0',
}

/** A representative colour with that name, `#rrggbb`. */
export const hexOfColor = (name: string): string => COLORS[name] ?? '#000000'
