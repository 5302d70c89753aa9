/* From the window to the picture and back. Pure; CSS pixels in the window, host pixels in the picture. */

export interface Size {
  width: number;
  height: number;
}

/* Where the picture lies: left, top in CSS px of the stage; scale in CSS px per host px. */
export interface View {
  left: number;
  top: number;
  scale: number;
}

export const ZOOM_MAX = 4; // CSS px per host px that pinching reaches

/* The whole picture, as large as the stage allows. A scale within a hair of one device pixel is made exact, so
 * that a picture of the window's own size is never resampled. */
export function fitView(stage: Size, picture: Size, dpr: number): View {
  let scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  const whole = Math.round(scale * dpr) / dpr;
  if (whole > 0 && Math.abs(scale - whole) / whole < 0.004) scale = whole;
  return centred(stage, picture, scale);
}

/* One host pixel on one device pixel; what does not fit is reached by panning. */
export function exactView(stage: Size, picture: Size, dpr: number, was: View | null): View {
  const scale = 1 / dpr;
  const start = was ?? centred(stage, picture, scale);
  return clampView({ ...start, scale }, stage, picture);
}

/* A phone held upright shows the picture at the height it has; the rest is reached by moving the pointer. */
export function coverView(stage: Size, picture: Size, dpr: number): View {
  const scale = stage.height / picture.height;
  if (stage.width >= stage.height || picture.width * scale <= stage.width)
    return fitView(stage, picture, dpr);
  return clampView({ left: 0, top: 0, scale: Math.min(1, scale) }, stage, picture);
}

function centred(stage: Size, picture: Size, scale: number): View {
  return {
    left: Math.round((stage.width - picture.width * scale) / 2),
    top: Math.round((stage.height - picture.height * scale) / 2),
    scale,
  };
}

/* A picture larger than the stage covers it; a smaller one stands in the middle. */
export function clampView(view: View, stage: Size, picture: Size): View {
  const along = (at: number, room: number, length: number) =>
    length <= room ? Math.round((room - length) / 2) : Math.min(0, Math.max(room - length, at));
  return {
    left: along(view.left, stage.width, picture.width * view.scale),
    top: along(view.top, stage.height, picture.height * view.scale),
    scale: view.scale,
  };
}

/* The host pixel under a point of the stage, held inside the picture. A mouse stands on device pixels: the last of
 * them on a smaller picture is the picture's last pixel, or nobody could reach a corner. */
export function toHost(
  view: View,
  x: number,
  y: number,
  picture: Size,
  dpr: number,
): { x: number; y: number } {
  const along = (at: number, length: number) => {
    if (at + 1 / dpr >= length * view.scale) return length - 1;
    // A CSS position is the edge of a pixel; a hair is added against 99.99999 where 100 is meant.
    return Math.min(length - 1, Math.max(0, Math.floor(at / view.scale + 1e-6)));
  };
  return { x: along(x - view.left, picture.width), y: along(y - view.top, picture.height) };
}

/* Zoom so that the host point under (x, y) stays there. */
export function zoomView(view: View, factor: number, x: number, y: number, stage: Size, picture: Size): View {
  const least = Math.min(stage.width / picture.width, stage.height / picture.height);
  const scale = Math.min(ZOOM_MAX, Math.max(least, view.scale * factor));
  const k = scale / view.scale;
  return clampView({ left: x - (x - view.left) * k, top: y - (y - view.top) * k, scale }, stage, picture);
}

/* Move the view by as little as shows the host point with a margin round it, in CSS px. */
export function revealView(
  view: View,
  x: number,
  y: number,
  margin: number,
  stage: Size,
  picture: Size,
): View {
  const at = { x: view.left + x * view.scale, y: view.top + y * view.scale };
  const into = (value: number, room: number) => {
    const edge = Math.min(margin, room / 3);
    return value < edge ? edge - value : value > room - edge ? room - edge - value : 0;
  };
  return clampView(
    {
      left: view.left + into(at.x, stage.width),
      top: view.top + into(at.y, stage.height),
      scale: view.scale,
    },
    stage,
    picture,
  );
}

/* Pixels stay square and sharp only at whole device pixels per host pixel. */
export function isWhole(view: View, dpr: number): boolean {
  const device = view.scale * dpr;
  return device >= 0.999 && Math.abs(device - Math.round(device)) < 1e-3;
}

/* Begun between two device pixels, even a picture at a whole scale is smeared over both. */
export function onDevicePixels(view: View, dpr: number): View {
  const snap = (at: number) => Math.round(at * dpr) / dpr;
  return { ...view, left: snap(view.left), top: snap(view.top) };
}
