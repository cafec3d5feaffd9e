/** Gives the browser a file to keep. */
export function keep(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser may not have begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The same of an answer, read to its end first: what breaks off is thrown, and nothing is kept of it. */
export async function keepAnswer(response: Response, name: string): Promise<void> {
  keep(await response.blob(), name);
}
