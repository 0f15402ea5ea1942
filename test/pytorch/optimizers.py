"""How PyTorch's optimisers move a small network: test/trainer/training/optimizerPytorch.json, with weights and inputs.

    python test/pytorch/optimizers.py > test/trainer/training/optimizerPytorch.json
"""
import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROWS, SIDE, FILTERS, CLASSES = 4, 5, 4, 5
RATES = [0.02, 0.05, 0.05, 0.03, 0.01, 0.002]
DOWN = [1, 1, 0.8, 0.5, 0.2, 0]  # a ramp down, as beta1 follows it
SGD = {'kind': 'sgd', 'momentum': 0.9, 'nesterov': True}
ADAM = {'kind': 'adam', 'beta1': 0.9, 'beta1End': None, 'beta2': 0.999, 'epsilon': 1e-8}
CASES = [
    ('plain SGD', SGD | {'momentum': 0, 'nesterov': False}, {}),
    ('momentum', SGD | {'nesterov': False}, {}),
    ('Nesterov, decay of all', SGD, {'weightDecay': 0.1}),
    ('Nesterov, decay of kernels', SGD, {'weightDecay': 0.1, 'decay': 'kernels'}),
    ('Nesterov, clipped, decay of all', SGD, {'weightDecay': 0.1, 'clipNorm': 0.2}),
    ('Adam', ADAM, {}),
    ('Adam, other betas', ADAM | {'beta1': 0.6, 'beta2': 0.9, 'epsilon': 1e-3}, {}),
    ('Adam, L2', ADAM, {'weightDecay': 0.1}),
    ('Adam, clipped, L2 of kernels', ADAM, {'weightDecay': 0.1, 'decay': 'kernels', 'clipNorm': 0.2}),
    ('Adam, beta1 ramped down', ADAM | {'beta1End': 0.5}, {}),
    ('AdamW', ADAM | {'kind': 'adamw'}, {'weightDecay': 0.5}),
    ('AdamW, kernels', ADAM | {'kind': 'adamw'}, {'weightDecay': 0.5, 'decay': 'kernels'}),
]

random = np.random.RandomState(7)
PIXELS = random.randint(0, 256, (ROWS, SIDE, SIDE, 3))
LABELS = random.dirichlet(np.ones(CLASSES), ROWS).astype(np.float32)
# In the trainer's layouts: kernel [h, w, in, out], bias, kernel [in, out], bias.
WEIGHTS = [random.normal(0, scale, shape).astype(np.float32) for scale, shape in ((0.3, (3, 3, 3, FILTERS)), (0.1, FILTERS), (0.8, (FILTERS, CLASSES)), (0.1, CLASSES))]


def make():
    conv, dense = nn.Conv2d(3, FILTERS, 3, padding=1), nn.Linear(FILTERS, CLASSES)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(WEIGHTS[0].transpose(3, 2, 0, 1).copy()))
        conv.bias.copy_(torch.from_numpy(WEIGHTS[1]))
        dense.weight.copy_(torch.from_numpy(WEIGHTS[2].T.copy()))
        dense.bias.copy_(torch.from_numpy(WEIGHTS[3]))
    return conv, dense


def optimizer_of(spec, groups):
    if spec['kind'] == 'sgd':
        return torch.optim.SGD(groups, RATES[0], momentum=spec['momentum'], nesterov=spec['nesterov'])
    kind = torch.optim.Adam if spec['kind'] == 'adam' else torch.optim.AdamW
    return kind(groups, RATES[0], betas=(spec['beta1'], spec['beta2']), eps=spec['epsilon'])


def case(name, spec, recipe):
    recipe = {'weightDecay': 0, 'decay': 'all', 'clipNorm': None} | recipe
    conv, dense = make()
    parameters = [*conv.parameters(), *dense.parameters()]
    decays = lambda parameter: recipe['decay'] == 'all' or parameter.dim() > 1
    optimizer = optimizer_of(spec, [
        {'params': [p for p in parameters if decays(p)], 'weight_decay': recipe['weightDecay']},
        {'params': [p for p in parameters if not decays(p)], 'weight_decay': 0},
    ])
    images = torch.from_numpy((PIXELS - 127.5) / 64).float().permute(0, 3, 1, 2)
    losses = []
    for rate, down in zip(RATES, DOWN):
        for group in optimizer.param_groups:
            group['lr'] = rate
            if spec.get('beta1End') is not None:
                group['betas'] = (down * spec['beta1'] + (1 - down) * spec['beta1End'], spec['beta2'])
        optimizer.zero_grad()
        loss = F.cross_entropy(dense(torch.tanh(conv(images)).mean((2, 3))), torch.from_numpy(LABELS))
        loss.backward()
        if recipe['clipNorm'] is not None:
            torch.nn.utils.clip_grad_norm_(parameters, recipe['clipNorm'])
        optimizer.step()
        losses.append(loss.item())
    after = [conv.weight.detach().permute(2, 3, 1, 0), conv.bias.detach(), dense.weight.detach().T, dense.bias.detach()]
    return {'name': name, 'recipe': {'optimizer': spec, **recipe}, 'losses': losses, 'weights': [rounded(tensor.numpy()) for tensor in after]}


def rounded(values):
    return [float(f'{value:.8g}') for value in values.flatten()]


print(json.dumps({
    'torch': torch.__version__.split('+')[0], 'shape': [ROWS, SIDE, SIDE, 3], 'filters': FILTERS, 'classes': CLASSES, 'rates': RATES, 'down': DOWN,
    'pixels': PIXELS.flatten().tolist(), 'labels': rounded(LABELS), 'first': [rounded(one) for one in WEIGHTS],
    'cases': [case(*one) for one in CASES],
}))
