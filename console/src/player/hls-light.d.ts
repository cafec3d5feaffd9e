/** The light build leaves out subtitles, alternate audio and DRM, none of which a camera has; its API is the same. */
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
