/* SPDX-License-Identifier: GPL-2.0-or-later
 * data: the buffers of a guest that a command names by PRP entries and lists of them, after NVM Express 1.4,
 * 4.3; and the copies to and from them.
 */
#include "dev/nvme/nvme.h"

bool nvme_memory_read(struct device *d, paddr at, void *bytes, uint64_t size)
{
    return device_dma_is_memory(d, at, size) && pci_dma_read(d, at, bytes, size);
}

bool nvme_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size)
{
    return device_dma_is_memory(d, at, size) && pci_dma_write(d, at, bytes, size);
}

/* Pages that lie one behind the other are one piece. */
static void add(struct nvme_data *data, paddr at, uint64_t size)
{
    unsigned last = data->count - 1;

    if (data->count != 0 && data->pieces[last].at + data->pieces[last].size == at) {
        data->pieces[last].size += size;
    } else {
        must(data->count < NVME_PIECES);
        data->pieces[data->count].at = at;
        data->pieces[data->count].size = size;
        data->count++;
    }
    data->bytes += size;
}

/* A list of entries, each for a page; where it reaches a page's end and more are needed, the last one says
 * where the list goes on. */
static uint16_t follow_list(struct device *d, paddr list, uint64_t page, uint64_t size,
                            struct nvme_data *data)
{
    uint8_t entries[8 * NVME_PIECES];

    if (list % 8 != 0) {
        return NVME_BAD_PRP;
    }
    while (size != 0) {
        uint64_t wanted = (size + page - 1) / page, room = (page - list % page) / 8;
        uint64_t n = wanted < room ? wanted : room;
        bool goes_on = n < wanted;

        must(n <= NVME_PIECES);
        if (!nvme_memory_read(d, list, entries, n * 8)) {
            return NVME_BAD_TRANSFER;
        }
        for (uint64_t i = 0; i < n - goes_on; i++) {
            paddr at = bytes_get_le(entries + 8 * i, 8);
            uint64_t bytes = size < page ? size : page;

            if (at % page != 0) {
                return NVME_BAD_PRP;
            }
            add(data, at, bytes);
            size -= bytes;
        }
        if (goes_on) {
            list = bytes_get_le(entries + 8 * (n - 1), 8);
            if (list % page != 0) {
                return NVME_BAD_PRP; /* only where a list begins may it be inside a page */
            }
        }
    }
    return NVME_OK;
}

uint16_t nvme_map(struct device *d, const struct nvme_command *c, uint64_t size,
                  struct nvme_data *data)
{
    const struct nvme *s = d->state;
    uint64_t page = (uint64_t)NVME_PAGE << bits_get(s->cc, 7, 4);
    paddr first = bytes_get_le(c->bytes + 24, 8), second = bytes_get_le(c->bytes + 32, 8);
    uint64_t bytes = page - first % page < size ? page - first % page : size;

    must(size <= NVME_DATA_BYTES);
    data->count = 0;
    data->bytes = 0;
    if (first % 4 != 0) {
        return NVME_BAD_PRP;
    }
    add(data, first, bytes);
    if (size - bytes > page) {
        return follow_list(d, second, page, size - bytes, data);
    }
    if (size != bytes) {
        if (second % page != 0) {
            return NVME_BAD_PRP;
        }
        add(data, second, size - bytes);
    }
    return NVME_OK;
}

/* One of the two is NULL. */
static uint16_t copy(struct device *d, const struct nvme_data *data, uint64_t at, uint8_t *to,
                     const uint8_t *from, uint64_t size)
{
    uint64_t done = 0;

    must(at <= data->bytes && size <= data->bytes - at);
    for (unsigned i = 0; done < size; i++) {
        paddr place = data->pieces[i].at + at;
        uint64_t n = data->pieces[i].size;

        if (at >= n) {
            at -= n;
            continue;
        }
        n = n - at < size - done ? n - at : size - done;
        if (to != NULL ? !nvme_memory_read(d, place, to + done, n)
                       : !nvme_memory_write(d, place, from + done, n)) {
            device_log(d, "guest error: no memory at 0x%llx", (unsigned long long)place);
            return NVME_BAD_TRANSFER;
        }
        done += n;
        at = 0;
    }
    return NVME_OK;
}

uint16_t nvme_gather(struct device *d, const struct nvme_data *data, uint64_t at, void *bytes,
                     uint64_t size)
{
    return copy(d, data, at, bytes, NULL, size);
}

uint16_t nvme_scatter(struct device *d, const struct nvme_data *data, uint64_t at,
                      const void *bytes, uint64_t size)
{
    return copy(d, data, at, NULL, bytes, size);
}

uint16_t nvme_answer(struct device *d, const struct nvme_command *c, const void *bytes,
                     uint64_t size)
{
    struct nvme_data data;
    uint16_t status = nvme_map(d, c, size, &data);

    return status == NVME_OK ? nvme_scatter(d, &data, 0, bytes, size) : status;
}
