interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<{
    createWritable: () => Promise<WritableStream<Uint8Array>>;
  }>;
}

/**
 * Saves what `open` answers. A token goes with the request, so that no link can do it. Where the browser lets a page
 * write to a file, the bytes go straight there, however many; elsewhere the browser keeps them first, on disk as
 * soon as they are many. Resolves to false when the person thought better of it.
 */
export async function save(name: string, open: () => Promise<Response>): Promise<boolean> {
  const picker = (window as Picker).showSaveFilePicker;
  if (picker === undefined) {
    offer(await (await open()).blob(), name);
    return true;
  }
  let file: Awaited<ReturnType<typeof picker>>;
  try {
    // Before the request: a click counts for a few seconds only.
    file = await picker.call(window, { suggestedName: name });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return false;
    throw error;
  }
  const { body } = await open();
  if (body !== null) await body.pipeTo(await file.createWritable());
  return true;
}

function offer(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Firefox begins to read after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** What no file system refuses: "A4213/2026 \"x\"" -> "A4213_2026 _x_". */
export function fileName(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\\/:*?"<>|]/g, '_').slice(0, 120);
}
