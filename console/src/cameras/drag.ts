/** Media type of what dragging a camera out of the tree carries: its resource name. */
export const CAMERA_DRAG = 'application/x-snowlight-camera';
