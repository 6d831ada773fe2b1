/**
 * The names of colours that filters tell apart, each with a colour that has it. The database names the items' colours, by the function
 * color_name of the migration `search`: below 28 of 255 between the strongest and the weakest channel a colour is a grey, and hues in
 * degrees end at 15 red, 45 orange (brown below 160 of 255), 70 yellow, 165 green, 195 cyan, 255 blue, 290 purple, 345 pink.
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

/** A colour of that name, `#rrggbb`. */
export const hexOfColor = (name: string): string => COLORS[name] ?? '#000000'
