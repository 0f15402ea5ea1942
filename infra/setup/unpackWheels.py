"""Takes what the engine needs out of wheels: python3 unpackWheels.py TARGET WHEEL... ; prints one line per file written.

Every file is synced to disk before the caller renames the folder into place.
"""
import os
import re
import shutil
import sys
import zipfile

NEEDED = re.compile(
    r'tensorflow/(libtensorflow_(cc|framework)\.(so\.2|2\.dylib)'
    r'|include/(tensorflow/c/.*|tensorflow/core/platform/ctstring\w*\.h|tsl/platform/ctstring\w*\.h|xla/tsl/c/.*)\Z'
    r'|THIRD_PARTY_NOTICES\.txt)'
    r'|nvidia/.*(\.so[.0-9]*|ptxas|nvlink|libdevice.*\.bc|License\.txt)\Z'
)

target = sys.argv[1]
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if not NEEDED.match(entry.filename) or entry.filename.endswith('/'):
                continue
            path = os.path.join(target, *entry.filename.split('/'))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(entry) as source, open(path, 'wb') as copy:
                shutil.copyfileobj(source, copy, 1 << 22)
                copy.flush()
                os.fsync(copy.fileno())
            if entry.external_attr >> 16 & 0o111:
                os.chmod(path, 0o755)
            print(entry.filename, entry.file_size)
