/** The severity of a finding: a blocker stops the image, the others are reported. */
export type Severity = 'blocker' | 'major' | 'warning';
