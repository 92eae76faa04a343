/** How hard something that was found weighs: a blocker stops the image, the others are told. */
export type Severity = 'blocker' | 'major' | 'warning';
