package snowlight.verify;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Where the files of an export lie: in a folder, or in the package as it was downloaded. */
interface Source extends AutoCloseable {
    /** Throws NoSuchFileException where there is none. */
    InputStream open(String file) throws IOException;

    boolean has(String file);

    /** What the manifest is called. */
    String manifestName();

    @Override
    default void close() throws IOException {}

    /** {@code path}: a ZIP file, or the manifest in its folder. */
    static Source of(Path path) throws IOException {
        return path.getFileName().toString().endsWith(".zip") ? new Zip(new ZipFile(path.toFile())) : new Folder(path);
    }

    /** The folder of a manifest. */
    record Folder(Path manifest) implements Source {
        @Override
        public InputStream open(String file) throws IOException {
            return Files.newInputStream(manifest.resolveSibling(file));
        }

        @Override
        public String manifestName() {
            return manifest.getFileName().toString();
        }

        @Override
        public boolean has(String file) {
            return Files.exists(manifest.resolveSibling(file));
        }
    }

    /** A package: all of it lies in one folder, which is found by its manifest. */
    record Zip(ZipFile file, String folder) implements Source {
        Zip(ZipFile file) {
            this(file, folderOf(file));
        }

        @Override
        public InputStream open(String name) throws IOException {
            ZipEntry entry = file.getEntry(folder + name);
            if (entry == null) {
                throw new NoSuchFileException(name);
            }
            return file.getInputStream(entry);
        }

        @Override
        public String manifestName() {
            return Manifest.NAME;
        }

        @Override
        public boolean has(String name) {
            return file.getEntry(folder + name) != null;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }

        private static String folderOf(ZipFile file) {
            return file.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.equals(Manifest.NAME) || name.endsWith("/" + Manifest.NAME))
                    .map(name -> name.substring(0, name.length() - Manifest.NAME.length()))
                    .findFirst()
                    .orElse("");
        }
    }
}
