#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""extract.py IMAGE OUT: write the BTF of a kernel image (bzImage or arm64 Image) to OUT."""
import lzma
import struct
import subprocess
import sys
import zlib

BTF_START = bytes.fromhex("9feb010018000000")  # magic, version 1, flags 0, header of 24 bytes


def find_btf(data):
    """The largest well-formed BTF blob in data, or None."""
    best = None
    at = data.find(BTF_START)
    while at >= 0:
        blob = btf_at(data, at)
        if blob and (best is None or len(blob) > len(best)):
            best = blob
        at = data.find(BTF_START, at + 1)
    return best


def btf_at(data, at):
    if at + 24 > len(data):
        return None
    type_off, type_len, str_off, str_len = struct.unpack_from("<4I", data, at + 8)
    end = at + 24 + str_off + str_len
    if type_off or str_off != type_len or not type_len or not str_len or end > len(data):
        return None
    # The string table starts and ends with a NUL, so random matches of the magic fall through.
    if data[at + 24 + str_off] or data[end - 1]:
        return None
    return data[at:end]


def x86_payload(image):
    """The compressed kernel inside a bzImage (boot protocol 2.08 and later), or None."""
    if len(image) < 0x250 or image[0x202:0x206] != b"HdrS":
        return None
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<2I", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    return image[start : start + length]


def zboot_payload(image):
    """The compressed kernel inside an EFI zboot image (arm64), or None."""
    if len(image) < 16 or image[:2] != b"MZ" or image[4:8] != b"zimg":
        return None
    offset, length = struct.unpack_from("<2I", image, 8)
    return image[offset : offset + length]


def by_command(command, data):
    # The kernel's build appends the unpacked size, which these tools report as garbage after the
    # frame, once everything is written: what matters is whether BTF is found in the output.
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


UNPACK = {
    b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data),
    b"\xfd7zXZ\x00": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x28\xb5\x2f\xfd": lambda data: by_command(["zstd", "-dc"], data),
    b"\x02\x21\x4c\x18": lambda data: by_command(["lz4", "-dc"], data),
}


def unpack(data):
    for magic, unpacker in UNPACK.items():
        if data.startswith(magic):
            return unpacker(data)
    return data


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    btf = find_btf(unpack(x86_payload(image) or zboot_payload(image) or image))
    if not btf:
        sys.exit(f"extract.py: {sys.argv[1]}: no BTF found")
    with open(sys.argv[2], "wb") as file:
        file.write(btf)


if __name__ == "__main__":
    main()
