"""OpenAPI documents of every version, as one compiled model.

``load`` reads, ``upgrade`` brings 2.0 and 3.0 to 3.1, ``compile_document`` makes the model::

    load_document(source) -> Document     # loading.py + upgrade.py + compiling.py
"""
